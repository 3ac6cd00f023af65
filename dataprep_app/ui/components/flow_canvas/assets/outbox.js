// Events for Python, numbered: they stay in the box until Python says that it has seen them, so that none is lost
// when several happen between two runs of the page.

export class Outbox {
  constructor(send) {
    Object.assign(this, { send, events: [], last: 0 });
    this.session = Math.random().toString(36).slice(2);
  }

  put(type, body) {
    this.events = [...this.events, { seq: ++this.last, type, ...body }];
    this.send("outbox", { sid: this.session, events: this.events });
  }

  /** Forget what Python has seen. */
  seen({ sid, seq } = {}) {
    if (sid === this.session) this.events = this.events.filter((each) => each.seq > seq);
  }
}
