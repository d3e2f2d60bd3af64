// Package config reads berth.conf(5): /etc/berth/berth.conf and the drop-ins in berth.conf.d beside
// it, in systemd's INI syntax.
//
// A mistake in a file is a warning that names file, section and key, and the setting keeps its
// default. A typing error must not prevent a host's containers from being managed. read.go reads the
// files; parse.go, which is pure, understands them. The package starts no goroutine.
package config
