/**
 * The one place that loads `@peculiar/x509`. What is public of this folder mentions none of its types:
 * a consumer that checks declarations as a CommonJS module would get faults from them (TS1479). Its dependency injection (tsyringe) wants the
 * `reflect-metadata` polyfill first, which adds metadata functions to the global `Reflect`.
 */
import "reflect-metadata";

import { webcrypto } from "node:crypto";
import * as x509 from "@peculiar/x509";

x509.cryptoProvider.set(webcrypto);

export { x509 };
