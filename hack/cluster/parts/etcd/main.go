// Command etcd is the store of the local Kubernetes, built from its module so
// that its version is pinned in go.mod like every other dependency.
package main

import (
	"os"

	"go.etcd.io/etcd/server/v3/etcdmain"
)

func main() { etcdmain.Main(os.Args) }
