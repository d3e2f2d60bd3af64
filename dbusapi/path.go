package dbusapi

import (
	"strings"

	"github.com/godbus/dbus/v5"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/domain"
)

// The objects, as paths.
const (
	rootPath      = dbus.ObjectPath(contract.RootPath)
	containerPath = dbus.ObjectPath(contract.ContainerPath)
)

// kind is what an object path can stand for.
type kind int

const (
	kindUnknown   kind = iota
	kindBranch         // above and between the objects: only there to be introspected
	kindManager        // /org/berth1
	kindContainer      // /org/berth1/container/_UUID; the container may not exist
)

// ContainerPath is the object of the container with this uuid.
func ContainerPath(u domain.UUID) dbus.ObjectPath {
	return containerPath + dbus.ObjectPath("/_"+strings.ReplaceAll(u.String(), "-", "_"))
}

// parsePath tells what a path stands for. Only the one canonical spelling of a container's path
// is known, so that no two paths are the same object.
func parsePath(p dbus.ObjectPath) (kind, domain.UUID) {
	switch p {
	case "/", "/org", containerPath:
		return kindBranch, domain.UUID{}
	case rootPath:
		return kindManager, domain.UUID{}
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
