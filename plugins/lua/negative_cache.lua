-- Stores failures for a short time, so that a flood for something missing or broken reaches the
-- origin once per period and not once per request.

local P = {
  name = "negative_cache",
  version = "1.0",
  schema = {
    missing = { type = "duration", default = "10s", description = "404 and 410" },
    failing = { type = "duration", default = "1s", description = "500, 502, 503, 504; 0 for never" },
  },
}

local MISSING = { [404] = true, [410] = true }
local FAILING = { [500] = true, [502] = true, [503] = true, [504] = true }

function P.on_response(req, res, cache, conf)
  -- What the origin says about this very response wins.
  if res:header("cache-control") then
    return
  end
  if MISSING[res.status] then
    cache:ttl(conf.missing)
  elseif FAILING[res.status] then
    if conf.failing > 0 then
      cache:ttl(conf.failing)
    else
      cache:no_store("failing")
    end
  end
end

return P
