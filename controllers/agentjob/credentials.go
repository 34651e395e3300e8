package agentjob

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/internal/fault"
	"atrium.dev/atrium/internal/objectstore"
	"atrium.dev/atrium/tenant-app/contract"
)

const (
	credentialRoom = 10 * time.Minute // that credentials outlast a Job
	shortest       = 30 * time.Minute // that a Job is given
)

// Reach is one bucket that the agent is to reach.
type Reach struct {
	Into   *contract.Bucket // of its task
	At     *v1alpha1.ObjectStore
	Store  *objectstore.Store
	Bucket string
	Use    objectstore.Use
	Secret string // of the operator's namespace, which holds static credentials
}

// Credentials makes those of a task, and says how long its Job may take: they outlast it.
func (r *Runner) Credentials(ctx context.Context, all ...Reach) (deadline time.Duration, err error) {
	deadline = Deadline
	for _, want := range all {
		var c objectstore.Credentials
		if want.At.Spec.Credentials == v1alpha1.CredentialsStatic {
			c, err = r.static(ctx, want)
		} else {
			c, err = want.Store.IssueAgent(ctx, want.Bucket, want.Use)
		}
		if err != nil {
			return 0, err
		}
		if !c.Expires.IsZero() {
			deadline = min(deadline, c.Expires.Sub(r.Now())-credentialRoom)
		}
		if deadline < shortest {
			return 0, fault.Blocked(v1alpha1.ReasonStoreFailed, nil,
				"ObjectStore %s gives credentials that end at %s, and the agent may take longer: let it give some that last at least %s", want.At.Name, c.Expires.Format(time.TimeOnly), Deadline+credentialRoom)
		}
		spec := want.At.Spec
		*want.Into = contract.Bucket{
			Endpoint: spec.Endpoint, Region: spec.Region, Name: want.Bucket, PathStyle: spec.PathStyle == nil || *spec.PathStyle, CABundle: spec.CABundle,
			AccessKey: c.AccessKey, SecretKey: c.SecretKey, SessionToken: c.SessionToken, Expires: c.Expires,
		}
	}
	return deadline, nil
}

// mays says in words what static credentials of a use must reach.
var mays = map[objectstore.Use]string{
	objectstore.UseSource:  "read and list the objects of bucket %s with their versions",
	objectstore.UseTarget:  "get, put, delete and list the objects of bucket %s, with multipart uploads",
	objectstore.UseCopies:  "get, put and list the objects of bucket %s, with multipart uploads, and delete those under g/*/locks/",
	objectstore.UseBackups: "get, put and list the objects of bucket %s, with multipart uploads, and delete those under g/*/locks/",
}

// static are credentials that a store's administrator put into a Secret of the
// operator's namespace.
func (r *Runner) static(ctx context.Context, want Reach) (objectstore.Credentials, error) {
	var secret corev1.Secret
	err := r.Live.Get(ctx, client.ObjectKey{Namespace: r.Namespace, Name: want.Secret}, &secret)
	if err != nil && !apierrors.IsNotFound(err) {
		return objectstore.Credentials{}, fmt.Errorf("read Secret %s of namespace %s: %w", want.Secret, r.Namespace, err)
	}
	c := objectstore.Credentials{AccessKey: string(secret.Data["accessKey"]), SecretKey: string(secret.Data["secretKey"])}
	if c.AccessKey == "" || c.SecretKey == "" {
		return c, fault.Blocked(v1alpha1.ReasonStaticMissing, err,
			"ObjectStore %s gives static credentials, and Secret %s in namespace %s is not there or lacks accessKey or secretKey: let the store's administrator make a user that may "+mays[want.Use]+", and nothing else, and create the Secret with that user's keys",
			want.At.Name, want.Secret, r.Namespace, want.Bucket)
	}
	return c, want.Store.CheckAgent(ctx, c, want.Bucket, want.Use, r.Installation, "Secret "+want.Secret+" of namespace "+r.Namespace)
}
