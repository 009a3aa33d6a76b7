-- Owns what is read anew while HAProxy runs, the ingress's credential and which keys are still there, and two words to the
-- outside: that this worker is in place, and the line that is logged when an exec opens.
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

-- A worker that a reload has replaced stays for its connections, and so do its keys: the next request on a connection that is
-- held open would be looked at with a key that was taken away. So each worker looks itself whether a key that it began with
-- is still in the folder of the ConfigMap, as it was. No reload has to come about for that.
local live = os.getenv("LIMPET_LIVE")
local keys = os.getenv("LIMPET_KEYS")

-- The whole file; nil where there is none.
local function whole(name)
  local file = io.open(name, "r")
  if file == nil then return nil end
  local text = file:read("a")
  file:close()
  return text
end

local mine = {}
for kid in (whole(live .. "/keys.lst") or ""):gmatch("[^\n]+") do mine[kid] = whole(live .. "/keys/" .. kid .. ".pem") end

local present = {}
local looked_at = 0
-- Once a second, by who asks: tasks of a worker that is about to go may not be relied upon.
core.register_converters("present", function(kid)
  local now = os.time()
  if now ~= looked_at then
    looked_at = now
    for name, text in pairs(mine) do present[name] = whole(keys .. "/" .. name .. ".pem") == text end
  end
  return present[kid] and 1 or 0
end)

-- Tells `run` which set of files is in use: tasks begin once a worker takes connections.
local turn = whole(live .. "/turn")
core.register_task(function()
  local file = io.open(os.getenv("LIMPET_RUN") .. "/taken", "w")
  if file == nil or turn == nil then return end
  file:write(turn)
  file:close()
end)

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
