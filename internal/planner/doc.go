// Package planner makes the Plan of a start from a definition and a few facts of the host. It is
// pure: the same definition and facts give the same plan, golden-tested.
//
// It is apart from package plan so that the supervisor, which must stay small, links the plan
// without the domain XML.
package planner
