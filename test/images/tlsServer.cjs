/** A TLS server with the options of its argument (JSON): says its port, then each server name that clients send. */
const { createServer } = require("node:tls");

const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
const options = JSON.parse(process.argv[2]);
const server = createServer({
  ...options,
  SNICallback: (serverName, done) => {
    say({ serverName });
    done(null);
  },
});
server.on("tlsClientError", () => undefined);
server.on("secureConnection", (socket) => socket.on("error", () => undefined));
server.listen(0, "127.0.0.1", () => say({ port: server.address().port }));
