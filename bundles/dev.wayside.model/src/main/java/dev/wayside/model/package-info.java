// SPDX-License-Identifier: Apache-2.0
/**
 * Kubernetes objects as small records over a preserved, immutable JSON tree: keys, kinds,
 * selectors, quantities and the views of a pod that both programs share. Everything here is
 * immutable and safe for use by many threads; nothing here does input or output beyond bytes that
 * the caller hands in.
 */
@NullMarked
@Export
@Version("1.0.0")
package dev.wayside.model;

import org.jspecify.annotations.NullMarked;
import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
