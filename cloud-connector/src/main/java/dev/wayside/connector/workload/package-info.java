// SPDX-License-Identifier: Apache-2.0

/**
 * The controllers that turn Deployments and StatefulSets into Pods on gateways, and the kit that
 * they are made of: informers, work queues, events. They see the store and nothing else, act on
 * what is there now, never on what happened, and may be stopped and started at any time.
 */
@NullMarked
package dev.wayside.connector.workload;

import org.jspecify.annotations.NullMarked;
