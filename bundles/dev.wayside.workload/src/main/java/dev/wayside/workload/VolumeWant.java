// SPDX-License-Identifier: Apache-2.0
package dev.wayside.workload;

import java.util.Arrays;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/** What a volume should hold. */
sealed interface VolumeWant {

    /** A folder that lives as long as the pod. */
    record EmptyFolder() implements VolumeWant {}

    /**
     * Something of the host.
     *
     * @param type as in core/v1 HostPathVolumeSource, {@code ""} for unchecked
     */
    record HostPath(String path, String type) implements VolumeWant {}

    /**
     * A PersistentVolume's folder, which outlives the pod.
     *
     * @param volume the name of the PersistentVolume
     * @param uid its UID
     * @param path absolute, or relative to where volumes are
     * @param made whether the folder is the gateway's to make
     * @param readOnly whether no container may write
     */
    record Claimed(String volume, String uid, String path, boolean made, boolean readOnly)
            implements VolumeWant {}

    /**
     * Files made from objects, replaced all at once.
     *
     * @param files by relative path
     */
    record Files(Map<String, FileContent> files) implements VolumeWant {
        public Files {
            files = Collections.unmodifiableMap(new TreeMap<>(files));
        }
    }

    /**
     * @param bytes may be secret, never logged
     * @param mode the permission bits
     */
    record FileContent(byte[] bytes, int mode) {
        @Override
        public boolean equals(Object other) {
            return other instanceof FileContent content
                    && mode == content.mode
                    && Arrays.equals(bytes, content.bytes);
        }

        @Override
        public int hashCode() {
            return 31 * Arrays.hashCode(bytes) + mode;
        }

        @Override
        public String toString() {
            return bytes.length + " bytes, mode " + Integer.toOctalString(mode);
        }
    }
}
