-- Owns the ingress's own credential, read anew from its file, and the line that is logged when an exec opens.
-- Must not know which requests are let through: haproxy.cfg does.

local path = os.getenv("LIMPET_TOKEN_FILE")
-- The kubelet puts a new token there at 80 % of the old one's life (ten minutes at the least), and the old one stays good.
local every_ms = tonumber(os.getenv("LIMPET_LOOK_SECONDS")) * 1000

local credential = ""

-- The file as one line; "" where there is none, or it is no token: then nothing is let through.
local function read()
  local file = io.open(path, "r")
  if file == nil then return "" end
  local text = file:read(16384) or ""
  file:close()
  return text:match("^%s*([%w%-%._~%+/=]+)%s*$") or ""
end

-- Now, and not with the task's first turn: after a reload the first request finds it.
credential = read()

core.register_task(function()
  while true do
    core.msleep(every_ms)
    credential = read()
  end
end)

core.register_fetches("credential", function() return credential end)

-- A request is logged when it is over, and an exec may last for hours. The variables were checked before the API server
-- saw them: nothing in them needs escaping. Written here, since what Lua logs goes to stderr as well before HAProxy 3.0;
-- stdout is not blocking, as for HAProxy's own lines.
io.stdout:setvbuf("line")
core.register_action("opened", { "http-res" }, function(txn)
  local function word(name) return txn:get_var("txn." .. name) or "-" end
  io.stdout:write(string.format(
    '{"time":"%s","event":"opened","subject":"%s","pod":"%s","method":"%s","path":"%s","status":101,"source":"%s"}\n',
    os.date("!%Y-%m-%dT%H:%M:%SZ"), word("sub"), word("pod"), word("method"), word("path"), txn.f:src()))
end)
