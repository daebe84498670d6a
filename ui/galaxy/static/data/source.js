// Where the galaxy's data come from while app.py runs: its routes, and the server functions of ui/tabs/galaxy.py.

const BASE = () => new URL("galaxy/", document.baseURI);

export class Served {
  /** `server` has product, category, find, selection, similar_to and export_rows, which answer {refused: sentence} if they cannot. */
  constructor(version, server) {
    Object.assign(this, { version, server, exports: ["csv", "parquet"], searches: true });
  }

  #address(path) {
    return new URL(`${path}?v=${this.version}`, BASE()).href;
  }

  async block(name) {
    const answer = await fetch(this.#address(`data/${name}`));
    if (!answer.ok) throw new Error(`The galaxy's data could not be loaded (${answer.status}).`);
    return answer.arrayBuffer();
  }

  photo(row) {
    return this.#address(`thumbnail/${row}`);
  }

  async title(row) {
    const answer = await fetch(this.#address(`title/${row}`));
    return answer.ok ? (await answer.json()).title : "";
  }

  ask(name, question) {
    return this.server[name](question);
  }
}
