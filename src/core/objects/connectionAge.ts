/**
 * How old connections between clusters get. A gateway passes TLS on unread, so it can neither ask for a connection to be
 * ended between two calls nor share out the calls of one: proxies that call end theirs once they are this old and no call is
 * under way on them. Until all of them have, a gateway that ends goes on; and pods and gateways that are added get their
 * share of the calls.
 */

/** Seconds after which proxies use a connection of HTTP for no further call. Not for TCP, which would be cut. */
export const connectionSeconds = 60;

/** Seconds for which a gateway that ends waits for connections that are open, with what may take longer on them. */
export const gatewayGraceSeconds = connectionSeconds + 30;
