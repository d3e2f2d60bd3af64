package remote

import (
	"context"
	"log/slog"
	"os"
	"syscall"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/figures"
	"github.com/berthd/berth/internal/guest"
	"github.com/berthd/berth/internal/node"
	"github.com/berthd/berth/service"
)

// core is what the protocol needs of the service. Methods with a context block until the thing is done or undone; the
// others answer from memory, or read a few files.
type core interface {
	lifeCore
	hostCore
	Subject(u domain.UUID) service.Subject
	WhoHas(u domain.UUID) slog.Attr
	Ticket(u domain.UUID) *service.Ticket

	List() []service.Snapshot
	ByName(name string) (service.Snapshot, error)
	ByUUID(u domain.UUID) (service.Snapshot, error)
	ByID(id uint32) (service.Snapshot, error)
	XML(u domain.UUID, inactive bool) (string, error)
	Stats(u domain.UUID, want figures.Wanted) (service.Stats, error)
	AllStats(want figures.Wanted, wanted func(*service.Snapshot) bool) ([]service.Stats, error)

	Define(ctx context.Context, xml []byte) (service.Snapshot, error)
	Undefine(ctx context.Context, u domain.UUID) error
	SetAutostart(ctx context.Context, u domain.UUID, on bool) error
	SetAutostartOnce(ctx context.Context, u domain.UUID, on bool) error
	Metadata(u domain.UUID, kind domain.MetadataKind, uri string, o service.TuneOptions) (string, error)
	SetMetadata(ctx context.Context, u domain.UUID, m domain.Metadata, o service.TuneOptions) error
	AttachDevice(ctx context.Context, u domain.UUID, xml []byte, o service.TuneOptions) error
	DetachDevice(ctx context.Context, u domain.UUID, xml []byte, o service.TuneOptions) error
	UpdateDevice(ctx context.Context, u domain.UUID, xml []byte, o service.TuneOptions) error
	DetachDeviceAlias(ctx context.Context, u domain.UUID, alias string, o service.TuneOptions) error
	Interfaces(u domain.UUID, o service.TuneOptions) ([]service.InterfaceInfo, error)
	SetInterface(ctx context.Context, u domain.UUID, name string, change service.LinkChange, o service.TuneOptions) error
	Rename(ctx context.Context, u domain.UUID, name string) error
	Job(u domain.UUID) (service.Job, error)
	AbortJob(ctx context.Context, u domain.UUID) error
	Limits(u domain.UUID, o service.TuneOptions) (memoryMax uint64, l service.Limits, err error)
	SetResources(ctx context.Context, u domain.UUID, list []domain.Setting, o service.TuneOptions) error
	Addresses(ctx context.Context, u domain.UUID, from service.AddressSource) ([]service.InterfaceAddress, error)
	VCPUs(u domain.UUID, o service.TuneOptions) (uint32, error)
	SetAction(ctx context.Context, u domain.UUID, e domain.Ending, a domain.Action, o service.TuneOptions) error
	guestCore
	Namespaces(ctx context.Context, u domain.UUID, kinds []string) ([]*os.File, error)
	SignalInside(ctx context.Context, u domain.UUID, pid uint32, sig syscall.Signal) error
	// OpenConsole gives one end of a connection, which is the caller's.
	OpenConsole(ctx context.Context, u domain.UUID, device string, o service.ConsoleOptions) (*os.File, error)
}

// lifeCore starts and ends containers.
type lifeCore interface {
	StartWith(ctx context.Context, u domain.UUID, o service.StartOptions) error
	CreateWith(ctx context.Context, xml []byte, o service.StartOptions) (service.Snapshot, error)
	Destroy(ctx context.Context, u domain.UUID) error
	DestroyOwned(ctx context.Context, u domain.UUID, owner string) error
	Shutdown(ctx context.Context, u domain.UUID, m service.Modes) error
	Reboot(ctx context.Context, u domain.UUID, m service.Modes) error
	Suspend(ctx context.Context, u domain.UUID) error
	Resume(ctx context.Context, u domain.UUID) error
	Reset(ctx context.Context, u domain.UUID) error
}

// guestCore tells what a running container is to itself.
type guestCore interface {
	HostName(ctx context.Context, u domain.UUID) (string, error)
	FileSystems(ctx context.Context, u domain.UUID) ([]guest.FileSystem, error)
	GuestInterfaces(ctx context.Context, u domain.UUID) ([]guest.Interface, error)
	Release(ctx context.Context, u domain.UUID) (guest.Release, error)
	TimeZone(ctx context.Context, u domain.UUID) (service.Zone, error)
}

// hostCore describes the host.
type hostCore interface {
	NodeInfo() (node.Info, error)
	NodeMemory() ([]node.Memory, error)
	NodeCPU() ([]node.CPUTime, error)
	NodeFreePages() ([]node.FreePages, error)
	NodeSharedMemory() []node.SharedMemory
	NodeFirmware() node.Firmware
	Capabilities() (string, error)
	SecurityModel() string
	SecurityEnforcing() bool
}
