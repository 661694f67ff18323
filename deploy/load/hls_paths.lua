-- wrk over a few addresses in turn. wrk ... -s hls_paths.lua http://host:port -- /one /two

local paths, turn = {}, 0

function init(args)
  paths = args
end

function request()
  turn = turn + 1
  return wrk.format("GET", paths[turn % #paths + 1])
end
