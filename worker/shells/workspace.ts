// Owns the name of the folder in which a repository lies, where a person gave none.
// Must not know how it is cloned.

/** The folder that git itself would choose: the address's last part. */
export function workspaceOf(url: string): string {
  const last =
    url
      .replace(/[/\s]+$/, "")
      .replace(/\.git$/, "")
      .split(/[/:]/)
      .at(-1) ?? "";
  const name = last.replace(/[^\w.-]/g, "-").replace(/^[.-]+/, "");
  return name === "" ? "work" : name;
}
