// Package metrics has the metrics of Berth: their names, and their text in the formats of Prometheus and OpenMetrics.
//
// It is pure. The names are a contract: docs/metrics.md has them. They follow the conventions of Prometheus: base
// units, _total for what only grows, and the names of node_exporter and cAdvisor where these have the same thing. A
// figure that the host does not count is absent.
//
// The writer is our own: Prometheus's library would add its protocol buffers to a daemon that needs a page of text.
package metrics
