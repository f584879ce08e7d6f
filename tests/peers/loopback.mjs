// Loaded before a server that wants a fixed port on every interface: gives it a free one on loopback,
// prints it, and ends the server with its standard input.
import { Server } from 'node:net';

const listen = Server.prototype.listen;
Server.prototype.listen = function (_port, ...rest) {
  this.once('listening', () => console.log(`port ${this.address().port}`));
  return listen.call(this, 0, '127.0.0.1', ...rest.filter(it => typeof it === 'function'));
};
process.stdin.resume().on('end', () => process.exit(0));
