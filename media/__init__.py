"""The engine: WebRTC transport, fan-out, mixer. Knows sources, buses and sinks by opaque ids; no HTTP, no roles."""
