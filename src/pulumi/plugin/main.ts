#!/usr/bin/env node
/** The plugin `pulumi-resource-meshspan`, which the engine starts. */
import * as pulumi from "@pulumi/pulumi";
import { provider } from "./provider";

void pulumi.provider.main(provider, process.argv.slice(2));
