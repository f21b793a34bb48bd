/** What the schemas of commands' data are put together from. */
import { z } from "zod";

export const list = <T extends z.ZodType>(item: T) => z.array(item).readonly();
export const text = (description: string) => z.string().meta({ description });
export const count = (description: string) =>
  z.number().meta({ description, type: "integer", minimum: 0 });
