// The origin of a head-to-head run: every path gives the same body, fresh for an hour.
// X-Count is the number of requests that the origin has had.
//
// usage: node origin.mjs PORT [BYTES=1024]
import http from 'node:http'

const port = Number(process.argv[2])
const body = Buffer.alloc(Number(process.argv[3] ?? 1024), 'x')
let count = 0

http
  .createServer((request, response) => {
    count += 1
    response.writeHead(200, {
      'Content-Type': 'text/plain',
      'Cache-Control': 'public, max-age=3600',
      'Content-Length': body.length,
      ETag: '"a"',
      'Last-Modified': 'Sat, 01 Jan 2022 00:00:00 GMT',
      'X-Count': count,
    })
    response.end(body)
  })
  .listen(port, '127.0.0.1')
