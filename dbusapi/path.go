package dbusapi

import (
	"strconv"
	"strings"

	"github.com/godbus/dbus/v5"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/service"
)

// The objects, as paths.
const (
	rootPath      = dbus.ObjectPath(contract.RootPath)
	containerPath = dbus.ObjectPath(contract.ContainerPath)
	processPath   = dbus.ObjectPath(contract.ProcessPath)
)

// kind is what an object path can stand for.
type kind int

const (
	kindUnknown   kind = iota
	kindBranch         // above and between the objects: only there to be introspected
	kindManager        // /org/berth1
	kindContainer      // /org/berth1/container/_UUID; the container may not exist
	kindProcess        // /org/berth1/process/_UUID_RUN_ID; the process may not exist
	kindLog            // /org/freedesktop/LogControl1
)

// ContainerPath is the object of the container with this uuid.
func ContainerPath(u domain.UUID) dbus.ObjectPath {
	return containerPath + "/_" + dbus.ObjectPath(u.Underscored())
}

// parsePath tells what a path stands for. Only the one canonical spelling of a container's path
// is known, so that no two paths are the same object.
func parsePath(p dbus.ObjectPath) (kind, domain.UUID) {
	switch p {
	case "/", "/org", "/org/freedesktop", containerPath, processPath:
		return kindBranch, domain.UUID{}
	case contract.LogControlPath:
		return kindLog, domain.UUID{}
	case rootPath:
		return kindManager, domain.UUID{}
	}
	if key, ok := parseProcess(p); ok {
		return kindProcess, key.Container
	}
	leaf, ok := strings.CutPrefix(string(p), string(containerPath)+"/_")
	if !ok {
		return kindUnknown, domain.UUID{}
	}
	u, err := domain.ParseUUID(strings.ReplaceAll(leaf, "_", "-"))
	if err != nil || ContainerPath(u) != p {
		return kindUnknown, domain.UUID{}
	}
	return kindContainer, u
}

// ProcessPath is the object of a command.
func ProcessPath(key service.ProcessKey) dbus.ObjectPath {
	number := func(n uint32) string { return strconv.FormatUint(uint64(n), 10) }
	return processPath + dbus.ObjectPath("/_"+key.Container.Underscored()+"_"+number(key.Run)+"_"+number(key.ID))
}

// parseProcess tells which command a path stands for. Only its canonical spelling is known.
func parseProcess(p dbus.ObjectPath) (key service.ProcessKey, ok bool) {
	leaf, ok := strings.CutPrefix(string(p), string(processPath)+"/_")
	if !ok {
		return key, false
	}
	words := strings.Split(leaf, "_")
	if len(words) != 7 { // five of them are the uuid
		return key, false
	}
	u, err := domain.ParseUUID(strings.Join(words[:5], "-"))
	run, err1 := strconv.ParseUint(words[5], 10, 32)
	id, err2 := strconv.ParseUint(words[6], 10, 32)
	key = service.ProcessKey{Container: u, Run: uint32(run), ID: uint32(id)}
	return key, err == nil && err1 == nil && err2 == nil && ProcessPath(key) == p
}
