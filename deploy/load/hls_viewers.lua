-- wrk as low-latency viewers: every request waits for what comes next, half of them for a playlist, half for its part.
-- wrk ... -s hls_viewers.lua http://host:port -- /hls/plenary/ video de

local base, tracks, coming, turn = "/", {}, {}, 0

function init(args)
  base = args[1]
  for i = 2, #args do
    tracks[#tracks + 1] = args[i]
  end
end

function request()
  turn = turn + 1
  local track = tracks[turn % #tracks + 1]
  local place = coming[track]
  if place == nil then
    return wrk.format("GET", base .. track .. ".m3u8")
  end
  if math.floor(turn / #tracks) % 2 == 0 then
    return wrk.format("GET", base .. track .. ".m3u8?_HLS_msn=" .. place[1] .. "&_HLS_part=" .. place[2])
  end
  return wrk.format("GET", base .. track .. "/" .. place[1] .. "." .. place[2] .. ".m4s")
end

function response(status, headers, body)
  if status == 200 and body:sub(1, 7) == "#EXTM3U" then
    local track, msn, part = body:match('PRELOAD%-HINT:TYPE=PART,URI="([%w-]+)/(%d+)%.(%d+)%.m4s"')
    local known = coming[track]
    if known == nil or tonumber(msn) * 1000 + tonumber(part) > tonumber(known[1]) * 1000 + tonumber(known[2]) then
      coming[track] = { msn, part }
    end
  end
end
