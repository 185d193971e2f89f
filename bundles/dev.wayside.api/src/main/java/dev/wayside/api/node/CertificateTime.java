// SPDX-License-Identifier: Apache-2.0
package dev.wayside.api.node;

import java.time.Instant;
import org.osgi.annotation.versioning.ProviderType;

/**
 * The time by which certificates are checked: the later of the clock and a saved floor, so that a
 * boot in 1970 neither locks out nor lets in. For nothing else. Safe for any thread; never blocks.
 */
@ProviderType
@FunctionalInterface
public interface CertificateTime {
    /** Never earlier than what it said before, also in an earlier life, by more than a day. */
    Instant now();
}
