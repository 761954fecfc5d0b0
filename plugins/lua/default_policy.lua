-- What the gateway does without any plugin, written as one.
--
-- Copy it and change a line. It leaves every word about freshness to the origin: the calls that it
-- does not make (cache:ttl, cache:no_store) are the default.

local P = { name = "default_policy", version = "1.0" }

-- VCL readers: this is vcl_recv. To go past the cache, return shoal.bypass("why").
function P.on_request(req, conf)
end

-- vcl_hash. Scheme, host, path and the whole query are in the key already, and so is every request
-- header that the origin names in Vary. Adding nothing here keeps it that way.
function P.cache_key(req, key, conf)
end

-- vcl_backend_response. Cache-Control, Expires and Vary decide (RFC 9111 section 3). Without a
-- cache:ttl(..) here, the origin's own freshness lifetime stands.
function P.on_response(req, res, cache, conf)
end

return P
