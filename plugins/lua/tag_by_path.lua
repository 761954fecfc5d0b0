-- Tags each response with the parts of its path, so that a whole branch can be invalidated at once:
-- /shop/shoes/42 gets path:/shop, path:/shop/shoes and path:/shop/shoes/42.

local P = {
  name = "tag_by_path",
  version = "1.0",
  schema = {
    depth = { type = "number", default = 4, description = "parts of the path that become tags" },
  },
}

function P.on_response(req, res, cache, conf)
  local tag, depth = "path:", 0
  for part in string.gmatch(req.path, "[^/]+") do
    depth += 1
    if depth > conf.depth or #tag + #part > 250 then
      return
    end
    tag ..= "/" .. part
    cache:tag(tag)
  end
end

return P
