/** Connects to a port of the loopback that it sees, and hands the connection to its parent; or says why it can't. */
const { connect } = require("node:net");

const socket = connect(Number(process.argv[2]), "127.0.0.1");
// What comes at once is the parent's to read.
socket.pause();
socket.once("connect", () => process.send("connected", socket));
socket.once("error", ({ message }) => process.send(message));
process.once("disconnect", () => process.exit());
