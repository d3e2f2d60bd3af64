// Package unitstest is a fake of systemd's org.freedesktop.systemd1 for tests on a private bus: it
// keeps scopes in memory, answers in systemd's order (reply, JobRemoved, UnitRemoved), and lets a test
// answer any call itself.
//
// It starts one goroutine, which ends with its connection.
package unitstest
