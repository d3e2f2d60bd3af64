package dbusapi

import (
	"context"
	"os"
	"syscall"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/figures"
	"github.com/berthd/berth/service"
)

// core is what the API needs of the service. Methods with a context block until the thing is done
// or undone; the others answer from memory.
type core interface {
	nodeCore
	metadataCore
	// Validate checks a definition, or the only device of a document.
	Validate(xml []byte, device bool) (service.Examination, error)
	unshifter
	Define(ctx context.Context, xml []byte) (service.Snapshot, error)
	CreateWith(ctx context.Context, xml []byte, o service.StartOptions) (service.Snapshot, error)
	// WaitReady returns when a container is ready.
	WaitReady(ctx context.Context, u domain.UUID) error
	StartWith(ctx context.Context, u domain.UUID, o service.StartOptions) error
	// DestroyOwned destroys a container that runs for an owner, and no other.
	DestroyOwned(ctx context.Context, u domain.UUID, owner string) error
	Destroy(ctx context.Context, u domain.UUID) error
	AbortJob(ctx context.Context, u domain.UUID) error
	Job(u domain.UUID) (service.Job, error)
	Undefine(ctx context.Context, u domain.UUID) error
	Redefine(ctx context.Context, u domain.UUID, previous string, xml []byte) error
	Rename(ctx context.Context, u domain.UUID, name string) error
	SetAutostart(ctx context.Context, u domain.UUID, on bool) error
	SetAutostartOnce(ctx context.Context, u domain.UUID, on bool) error
	guestCore
	Limits(u domain.UUID, o service.TuneOptions) (memoryMax uint64, l service.Limits, err error)
	VCPUs(u domain.UUID, o service.TuneOptions) (uint32, error)
	SetResources(ctx context.Context, u domain.UUID, list []domain.Setting, o service.TuneOptions) error
	AttachDevice(ctx context.Context, u domain.UUID, xml []byte, o service.TuneOptions) error
	DetachDevice(ctx context.Context, u domain.UUID, xml []byte, o service.TuneOptions) error
	DetachDeviceAlias(ctx context.Context, u domain.UUID, alias string, o service.TuneOptions) error
	UpdateDevice(ctx context.Context, u domain.UUID, xml []byte, o service.TuneOptions) error
	ListDevices(u domain.UUID, o service.TuneOptions) ([]service.DeviceInfo, error)
	Interfaces(u domain.UUID, o service.TuneOptions) ([]service.InterfaceInfo, error)
	SetInterface(ctx context.Context, u domain.UUID, name string, change service.LinkChange, o service.TuneOptions) error
	Addresses(ctx context.Context, u domain.UUID, from service.AddressSource) ([]service.InterfaceAddress, error)
	Suspend(ctx context.Context, u domain.UUID) error
	Resume(ctx context.Context, u domain.UUID) error
	Shutdown(ctx context.Context, u domain.UUID, m service.Modes) error
	Reboot(ctx context.Context, u domain.UUID, m service.Modes) error
	Reset(ctx context.Context, u domain.UUID) error
	AwaitEnd(ctx context.Context, u domain.UUID, id uint32) (service.Snapshot, error)
	Exec(ctx context.Context, u domain.UUID, c service.Command, stdio []*os.File) (service.Process, []*os.File, error)
	Namespaces(ctx context.Context, u domain.UUID, kinds []string) ([]*os.File, error)
	LeaderPIDFD(ctx context.Context, u domain.UUID) (*os.File, error)
	SignalInside(ctx context.Context, u domain.UUID, pid uint32, sig syscall.Signal) error
	WaitProcess(ctx context.Context, key service.ProcessKey) (service.Process, error)
	SignalProcess(key service.ProcessKey, sig syscall.Signal) error
	ResizeProcess(key service.ProcessKey, rows, columns uint32) error
	Console(ctx context.Context, u domain.UUID, device string) ([]byte, error)
	// OpenConsole gives one end of a connection, which is the caller's.
	OpenConsole(ctx context.Context, u domain.UUID, device string, o service.ConsoleOptions) (*os.File, error)
	ResizeConsole(ctx context.Context, u domain.UUID, device string, w service.Window) error

	// Subject is the container with a uuid, for the question whether somebody may do something with it.
	Subject(u domain.UUID) service.Subject
	// Ticket takes a place in the order of the calls that change one container; it must not block.
	Ticket(u domain.UUID) *service.Ticket

	// AuditState says whether the host's audit log gets records.
	AuditState() service.AuditState
	// SecurityModel is the model of the host's labels, and SecurityEnforcing whether their policy is enforced now.
	SecurityModel() string
	SecurityEnforcing() bool

	// Active counts the containers that are on.
	Active() int
	List() []service.Snapshot
	ByName(name string) (service.Snapshot, error)
	ByUUID(u domain.UUID) (service.Snapshot, error)
	ByID(id uint32) (service.Snapshot, error)
	ByLeader(pid uint32) (service.Snapshot, error)
	XML(u domain.UUID, inactive bool) (string, error)
	Plan(ctx context.Context, u domain.UUID, inactive bool) (string, error)
	Stats(u domain.UUID, want figures.Wanted) (service.Stats, error)
	AllStats(want figures.Wanted, wanted func(*service.Snapshot) bool) ([]service.Stats, error)
	Process(key service.ProcessKey) (service.Process, error)
	Processes() []service.Process
}
