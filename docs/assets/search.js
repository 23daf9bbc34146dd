// Chinese is indexed character by character (see mkdocs.yml); of a query, every character must be there.
(() => {
  const { prototype } = window.Worker;
  const send = prototype.postMessage;
  const QUERY = 2;
  prototype.postMessage = function (message, ...rest) {
    if (message && message.type === QUERY) {
      const data = message.data.replace(/[\u3400-\u9fff]/g, " +$& ").trim();
      return send.call(this, { ...message, data }, ...rest);
    }
    return send.call(this, message, ...rest);
  };
})();
