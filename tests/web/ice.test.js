import assert from "node:assert/strict";
import { afterEach, test } from "node:test";

import { iceConfiguration, iceFragment, parseIceLinks, restartedAnswer, setIceServers, wayOf } from "../../web/static/js/lib/ice.js";

const TURN = { urls: ["turn:r?transport=udp", "turns:r"], username: "1:a", credential: "x/+=" };

afterEach(() => setIceServers([], ""));

test("relays alone are used when the address asks for it, and only where there is one", () => {
  setIceServers([TURN], "?as=x&relay=1");
  assert.deepEqual(iceConfiguration, { iceServers: [TURN], iceTransportPolicy: "relay" });
  setIceServers([TURN], "?relay=0");
  assert.equal(iceConfiguration.iceTransportPolicy, "all");
  setIceServers([{ urls: "stun:r" }], "?relay=1");
  assert.equal(iceConfiguration.iceTransportPolicy, "all");
});

test("Link headers name servers, others are passed over", () => {
  const opened = 'rel="ice-server"; username="1:a"; credential="x/+="; credential-type="password"';
  const header = `</whep/p/de/s/channel>; rel="urn:x", <turn:r?transport=udp>; ${opened}, <turns:r>; ${opened}, <stun:s>; rel="ice-server"`;
  assert.deepEqual(parseIceLinks(header), [TURN, { urls: ["stun:s"] }]);
  assert.deepEqual(parseIceLinks(null), []);
});

test("a restart says who one is, with one format of the m-line and without candidates", () => {
  const offer = "v=0\r\na=group:BUNDLE 0 1\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111 63 9\r\na=candidate:1 1 udp 1 1.1.1.1 1 typ host\r\na=ice-ufrag:abcd\r\na=ice-pwd:efgh\r\na=mid:0\r\nm=video 0 UDP/TLS/RTP/SAVPF 96\r\na=ice-ufrag:abcd\r\na=mid:1\r\n";
  assert.equal(iceFragment(offer), "a=ice-ufrag:abcd\r\na=ice-pwd:efgh\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\n");
});

test("the answer is as it was but for the way to the server", () => {
  const answer = "v=0\r\nm=audio 1 X 111\r\na=ice-ufrag:old\r\na=ice-pwd:old\r\na=setup:passive\r\na=candidate:1 old\r\na=end-of-candidates\r\nm=video 1 X 96\r\na=ice-ufrag:old\r\na=ice-pwd:old\r\n";
  const fragment = "a=ice-lite\r\na=ice-ufrag:new\r\na=ice-pwd:word\r\na=candidate:1 new\r\na=end-of-candidates\r\n";
  const way = "a=ice-ufrag:new\r\na=ice-pwd:word\r\na=candidate:1 new\r\na=end-of-candidates\r\n";
  assert.equal(restartedAnswer(answer, fragment), `v=0\r\nm=audio 1 X 111\r\n${way}a=setup:passive\r\nm=video 1 X 96\r\n${way}`);
});

test("the way is read from the selected pair, in Firefox's manner too", () => {
  const local = (values) => ["L", { type: "local-candidate", ...values }];
  const firefox = ["P", { type: "candidate-pair", selected: true, localCandidateId: "L" }];
  assert.equal(wayOf([firefox, local({ candidateType: "prflx" })]), "direct");
  assert.equal(wayOf([firefox, local({ candidateType: "relay", relayProtocol: "tcp" })]), "relay_tcp");
  assert.equal(wayOf([firefox, local({ candidateType: "relay" })]), "relay_udp");
  assert.equal(wayOf([["P", { type: "candidate-pair", localCandidateId: "L" }]]), null);
});
