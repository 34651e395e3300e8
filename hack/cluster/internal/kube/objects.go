package kube

import (
	"context"
	"fmt"
)

// Node is what matters here of a Node.
type Node struct {
	Spec   struct{ PodCIDR string }
	Status struct {
		Conditions []struct{ Type, Status, Message string }
	}
}

// NodeReady says whether a node is ready, and why not.
func (c *Client) NodeReady(ctx context.Context, name string) (bool, string, error) {
	var node Node
	if err := c.Get(ctx, "/api/v1/nodes/"+name, &node); err != nil {
		return false, "", err
	}
	for _, condition := range node.Status.Conditions {
		if condition.Type == "Ready" {
			return condition.Status == "True", condition.Message, nil
		}
	}
	return false, "it has not reported yet", nil
}

// PodCIDR is the range of a node's pods, "" until the controller manager set it.
func (c *Client) PodCIDR(ctx context.Context, name string) (string, error) {
	var node Node
	err := c.Get(ctx, "/api/v1/nodes/"+name, &node)
	return node.Spec.PodCIDR, err
}

// Available says whether all replicas of a Deployment serve.
func (c *Client) Available(ctx context.Context, namespace, name string) (bool, error) {
	var deployment struct {
		Metadata struct{ Generation int64 }
		Spec     struct{ Replicas int }
		Status   struct {
			ObservedGeneration int64
			UpdatedReplicas    int
			AvailableReplicas  int
		}
	}
	err := c.Get(ctx, "/apis/apps/v1/namespaces/"+namespace+"/deployments/"+name, &deployment)
	status := deployment.Status
	return status.ObservedGeneration >= deployment.Metadata.Generation &&
		status.UpdatedReplicas >= deployment.Spec.Replicas && status.AvailableReplicas >= deployment.Spec.Replicas, err
}

// ServiceAddress is the cluster address of a Service's port, given by its name
// or number, as host:port.
func (c *Client) ServiceAddress(ctx context.Context, namespace, name, port string) (string, error) {
	var service struct {
		Spec struct {
			ClusterIP string
			Ports     []struct {
				Name string
				Port int
			}
		}
	}
	if err := c.Get(ctx, "/api/v1/namespaces/"+namespace+"/services/"+name, &service); err != nil {
		return "", err
	}
	for _, candidate := range service.Spec.Ports {
		if candidate.Name == port || fmt.Sprint(candidate.Port) == port {
			return fmt.Sprintf("%s:%d", service.Spec.ClusterIP, candidate.Port), nil
		}
	}
	return "", fmt.Errorf("the Service %s/%s has no port %s", namespace, name, port)
}

// Volume is what matters here of a PersistentVolume.
type Volume struct {
	Metadata struct{ Name string }
	Spec     struct{ StorageClassName string }
	Status   struct{ Phase string }
}

// Volumes lists the volumes of a storage class.
func (c *Client) Volumes(ctx context.Context, class string) ([]Volume, error) {
	var list struct{ Items []Volume }
	if err := c.Get(ctx, "/api/v1/persistentvolumes", &list); err != nil {
		return nil, err
	}
	var volumes []Volume
	for _, volume := range list.Items {
		if volume.Spec.StorageClassName == class {
			volumes = append(volumes, volume)
		}
	}
	return volumes, nil
}
