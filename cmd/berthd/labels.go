package main

import (
	"log/slog"
	"os"
	"strings"

	"github.com/berthd/berth/internal/config"
	"github.com/berthd/berth/selinux"
)

// labels looks which security labels this host has for containers.
func labels(mode config.SecurityMode, log *slog.Logger) *selinux.Labels {
	apparmor, _ := os.ReadFile("/sys/module/apparmor/parameters/enabled")
	return selinux.New(selinux.Options{
		Driver: selinux.Driver(mode), Kernel: selinux.Host(), Etc: "/etc/selinux", Proc: "/proc", Log: log,
		AppArmor: strings.HasPrefix(string(apparmor), "Y"),
	})
}
