// Package plan is the value that says everything that the supervisor and the init stage of one
// container will do: namespaces, id maps, sources, mounts in order, devices, links, capabilities,
// environment, arguments, user, directory. Package planner makes it; initproc carries it out and
// decides nothing.
//
// It is pure. As JSON it is for people and tests; as packed bytes it travels to the init stage,
// where reading JSON would take as long as all mounts together.
package plan
