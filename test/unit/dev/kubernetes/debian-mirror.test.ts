// Owns the table of what apt says of its sources and which mirror that means.

import { expect, test } from "vitest";
import { parseMirror, sourcesList } from "../../../../dev/kubernetes/images/debian-mirror.ts";

const line = (codename: string, address: string, origin = "Debian", kind = "Packages") =>
  `${kind} ${origin} ${codename} ${address}`;

test("the archive and its security updates are found among others' sources", () => {
  const targets = [
    line("nodistro", "https://deb.example.com/node_20.x/", ". nodistro"),
    line("bookworm", "http://other.example/", "Other"),
    line("bookworm-updates", "http://mirror.example/debian/"),
    line("bookworm", "http://wrong.example/", "Debian", "Translations"),
    line("bookworm-security", "http://mirror.example/debian-security/"),
    line("bookworm", "http://mirror.example/debian/"),
  ].join("\n");
  const mirror = { archive: "http://mirror.example/debian", security: "http://mirror.example/debian-security" };
  expect(parseMirror(targets)).toEqual(mirror);
  expect(sourcesList(mirror, "bookworm", true)).toBe(
    [
      "deb http://mirror.example/debian bookworm main",
      "deb http://mirror.example/debian bookworm-updates main",
      "deb http://mirror.example/debian-security bookworm-security main",
      "",
    ].join("\n"),
  );
  expect(sourcesList(mirror, "forky", false)).toBe(
    "deb [check-valid-until=no] http://mirror.example/debian forky main\n",
  );
});

test("without an archive it says what to do; without security updates it goes on", () => {
  expect(() => parseMirror("")).toThrow(/apt-get update/);
  expect(parseMirror(line("trixie", "http://mirror.example/debian"))).toEqual({
    archive: "http://mirror.example/debian",
  });
});
