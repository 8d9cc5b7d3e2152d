import { sql } from '@rockpool/client'
import type { Category, Product } from './schema.ts'
import { useRows } from './use-rows.ts'

export interface CatalogueProduct extends Product {
  supplier: string
  category: string
}

export function useCategories(): readonly Category[] {
  return useRows<Category>(sql`SELECT id, name, description FROM categories ORDER BY name`)
}

/** Products whose name, unit or supplier holds every word, in one category or in all. */
export function useCatalogue(search: string, category: number | null): readonly CatalogueProduct[] {
  const words = search.trim().split(/\s+/).filter(Boolean).slice(0, 8)
  const tests = words.map((word) => {
    const like = `%${word.replaceAll(/[\\%_]/g, '\\$&')}%`
    return sql`AND (p.name LIKE ${like} ESCAPE '\\' OR p.unit LIKE ${like} ESCAPE '\\' OR s.company LIKE ${like} ESCAPE '\\')`
  })
  const matching = tests.reduce((all, test) => sql`${all} ${test}`, sql``)
  return useRows<CatalogueProduct>(sql`
    SELECT p.*, s.company AS supplier, c.name AS category
    FROM products p JOIN suppliers s ON s.id = p.supplier_id JOIN categories c ON c.id = p.category_id
    WHERE (${category} IS NULL OR p.category_id = ${category}) ${matching}
    ORDER BY p.discontinued, p.name`)
}
