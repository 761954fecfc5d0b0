-- A product API: which query parameters count, how long each status lives, what to invalidate.
--
--   plugins:
--     products: { file: plugins/api_products.lua, config: { ttl: 10m } }
--
-- An editor's change then invalidates the tag `product:ID`, whatever the language or the path.

local P = {
  name = "api_products",
  version = "1.0",
  schema = {
    ttl = { type = "duration", default = "5m", description = "products that exist" },
    missing_ttl = { type = "duration", default = "10s", description = "404 and 410" },
    grace = { type = "duration", default = "30s", description = "stale while revalidating" },
  },
}

function P.on_request(req, conf)
  if req:header("x-preview") then
    return shoal.bypass("preview")
  end
end

function P.cache_key(req, key, conf)
  key:query_only("id", "lang")
  key:header("accept-language")
end

local MISSING = { [404] = true, [410] = true }

function P.on_response(req, res, cache, conf)
  if MISSING[res.status] then
    cache:ttl(conf.missing_ttl)
  elseif res.status == 200 then
    cache:ttl(conf.ttl)
    cache:stale_while_revalidate(conf.grace)
    cache:stale_if_error("1h")
  else
    cache:no_store("status")
    return
  end
  local id = req:query("id")
  if id and id ~= "" then
    cache:tag("product:" .. id)
  end
end

return P
