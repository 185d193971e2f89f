// SPDX-License-Identifier: Apache-2.0

/**
 * Describes this gateway to the cloud as a Kubernetes Node, and renews its Lease while the agent's
 * sync loop makes progress, whatever the outcome of the pods. It writes the Node's status and the
 * three {@code kubernetes.io} labels, and nothing else of the Node.
 */
@NullMarked
package dev.wayside.node;

import org.jspecify.annotations.NullMarked;
