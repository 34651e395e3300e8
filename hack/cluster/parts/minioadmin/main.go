// Command minioadmin does what an administrator of MinIO does for Atrium: it makes
// users with a policy of their own, and takes them away again. It is for the tests,
// which have no mc.
//
// Usage: MINIO_ROOT_USER=… MINIO_ROOT_PASSWORD=… minioadmin HOST:PORT set-user NAME SECRET POLICY.json
//
//	…                                                          minioadmin HOST:PORT remove-user NAME
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/minio/madmin-go/v3"
)

// limit bounds one run.
const limit = 30 * time.Second

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "minioadmin:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) < 3 {
		return errors.New("name a server, set-user or remove-user, and a user")
	}
	client, err := madmin.New(args[0], os.Getenv("MINIO_ROOT_USER"), os.Getenv("MINIO_ROOT_PASSWORD"), false)
	if err != nil {
		return err
	}
	switch {
	case args[1] == "set-user" && len(args) == 5:
		return setUser(ctx, client, args[2], args[3], args[4])
	case args[1] == "remove-user" && len(args) == 3:
		return client.RemoveUser(ctx, args[2])
	}
	return fmt.Errorf("%s with %d values is no command", args[1], len(args)-2)
}

// setUser makes a user, or gives it another secret, and the policy of a file.
func setUser(ctx context.Context, client *madmin.AdminClient, name, secret, file string) error {
	policy, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if err := client.AddCannedPolicy(ctx, name, policy); err != nil {
		return fmt.Errorf("make policy %s: %w", name, err)
	}
	if err := client.AddUser(ctx, name, secret); err != nil {
		return fmt.Errorf("make user %s: %w", name, err)
	}
	_, err = client.AttachPolicy(ctx, madmin.PolicyAssociationReq{Policies: []string{name}, User: name})
	if madmin.ToErrorResponse(err).Code == "XMinioAdminPolicyChangeAlreadyApplied" {
		return nil
	}
	return err
}
