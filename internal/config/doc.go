// Package config reads berth.conf(5): /etc/berth/berth.conf and the drop-ins of berth.conf.d beside
// it, in systemd's INI syntax.
//
// A fault in it is a warning that names file, section and key; the default stands, since a typing
// error must not keep a host's containers from being managed. Reading files (read.go) is apart from
// understanding them (parse.go, pure). It starts no goroutine.
package config
