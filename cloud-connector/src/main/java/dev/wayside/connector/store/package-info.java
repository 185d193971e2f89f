// SPDX-License-Identifier: Apache-2.0

/**
 * Where objects are kept: the contract ({@link dev.wayside.connector.store.ObjectStore}) and its
 * embedded keeper. From the disk up: {@code SealedFileStore} makes torn writes visible, {@code
 * ObjectFile} holds the maps and the one sync, {@code StoreEngine} gives revisions and publishes in
 * commit order, {@code KindShelf} is one kind in memory, {@code EmbeddedObjectStore} knows what
 * Kubernetes means by create, update and delete.
 */
@NullMarked
package dev.wayside.connector.store;

import org.jspecify.annotations.NullMarked;
