/** Parts that schemas of commands' JSON are made of. Loads zod. */
import { z } from "zod";

export const list = <T extends z.ZodType>(item: T) => z.array(item).readonly();
export const text = (description: string) => z.string().meta({ description });
/** A whole number from 0. */
export const count = (description: string) =>
  z.number().meta({ description, type: "integer", minimum: 0 });
