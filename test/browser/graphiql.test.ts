// Owns the proof that the local environment's GraphiQL works from its own origin alone, for whoever is signed in.
// Must not know GraphiQL beyond what a person sees of it.

import { expect, test } from "vitest";
import { keepPicture } from "./harness/artefacts.ts";
import { useWorld } from "./harness/world.ts";

const world = useWorld();

test("GraphiQL knows the schema and answers, and nothing of it comes from elsewhere", async () => {
  const { device } = await world().signedIn();
  const { url } = world().product;
  const page = await device.newPage();
  const elsewhere: string[] = [];
  const refused: string[] = [];
  page.on("request", (request) => {
    if (!request.url().startsWith(url) && !request.url().startsWith("data:")) elsewhere.push(request.url());
  });
  page.on("console", (message) => {
    if (message.text().includes("Content Security Policy")) refused.push(message.text());
  });
  await page.goto(`${url}/graphiql`);
  await page.getByRole("button", { name: /Execute query/ }).click();
  await page.locator(".graphiql-response").getByText("administrator").waitFor();
  await page.getByRole("button", { name: /Documentation Explorer/ }).click();
  await page.getByRole("link", { name: "Query", exact: true }).click();
  await page.getByText("What can be read.").waitFor();
  await keepPicture(page, "70-graphiql");
  expect(elsewhere).toEqual([]);
  expect(refused).toEqual([]);
});

test("who is not signed in is sent to sign in", async () => {
  const device = await world().browser.newContext();
  const page = await device.newPage();
  await page.goto(`${world().product.url}/graphiql`);
  await page.waitForURL(/\/oidc\//);
  const other = await device.request.get(`${world().product.url}/graphiql/package.json`);
  expect(other.status()).toBe(404);
});
