/** As much of Redis as carts need, for machines without it: hashes, in the second version of its protocol. */
import { createServer, type Server, type Socket } from "node:net";

export function hashServer(): Server {
  const hashes = new Map<string, Map<string, number>>();
  return createServer((socket) => serve(socket, hashes));
}

function serve(socket: Socket, hashes: Map<string, Map<string, number>>): void {
  let heard = "";
  socket.on("error", () => socket.destroy());
  socket.setEncoding("utf8").on("data", (chunk: string) => {
    heard += chunk;
    // Commands are arrays of strings: *2␍␊$3␍␊DEL␍␊$4␍␊cart␍␊
    for (;;) {
      const count = Number(/^\*(\d+)\r\n/.exec(heard)?.[1]);
      const words = heard.split("\r\n");
      if (Number.isNaN(count) || words.length < 2 * count + 2) return;
      heard = words.slice(2 * count + 1).join("\r\n");
      const command = words.slice(1, 2 * count + 1).filter((_, index) => index % 2 === 1);
      socket.write(answer(command, hashes));
    }
  });
}

function answer(
  [name = "", key = "", field = "", by = "0"]: readonly string[],
  hashes: Map<string, Map<string, number>>,
): string {
  const hash = hashes.get(key) ?? new Map<string, number>();
  switch (name.toUpperCase()) {
    case "HINCRBY": {
      const value = (hash.get(field) ?? 0) + Number(by);
      hashes.set(key, hash.set(field, value));
      return `:${value}\r\n`;
    }
    case "HGETALL": {
      const words = [...hash].flat().map(String);
      return `*${words.length}\r\n${words.map((word) => `$${word.length}\r\n${word}\r\n`).join("")}`;
    }
    case "DEL":
      return `:${hashes.delete(key) ? 1 : 0}\r\n`;
    default:
      return `-ERR unknown command '${name}'\r\n`;
  }
}
