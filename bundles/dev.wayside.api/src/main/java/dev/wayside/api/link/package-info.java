// SPDX-License-Identifier: Apache-2.0
/** Requests to the connector over the gateway's one connection. */
@NullMarked
@Export
@Version("1.0.0")
package dev.wayside.api.link;

import org.jspecify.annotations.NullMarked;
import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
