/** One test on the two families' fixtures and on the bundled model where it is installed. */
import { type TestContext, test } from "node:test";
import { fixtureService, storiesService, type TestService } from "./open-test-service.ts";

export interface ServiceUnderTest extends TestService {
  /** A prompt in the model's own words. */
  readonly prompt: string;
  /** Two tokens, as people write them. */
  readonly token: string;
  readonly other: string;
}

export const STORY = "One day, Tom and Lily went to the park. Tom gave a ball to";

export function testEachService(
  title: string,
  body: (service: ServiceUnderTest, t: TestContext) => Promise<void>,
): void {
  for (const name of ["tiny-llama", "tiny-gpt2"] as const) {
    test(`${name}: ${title}`, async (t) => {
      const prompt = " w20 w21 w13 w20 w27 w60 w59 w59";
      await body({ ...(await fixtureService(name)), prompt, token: " w45", other: " w34" }, t);
    });
  }
  test(`stories-15m: ${title}`, async (t) => {
    const service = await storiesService(t);
    if (service !== undefined) await body({ ...service, prompt: STORY, token: " L", other: " Tom" }, t);
  });
}
