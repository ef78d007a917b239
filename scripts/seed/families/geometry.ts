// Lengths and areas of simple shapes.
import type { Family } from '../method-spec.ts'

export const geometry: Family = {
  name: 'geometry',
  methods: [
    {
      id: 'recta',
      args: 'nn',
      say: '(area|area of|rectangle|rectangle area|surface|floor space|width|length):(by|times|height|width|and height):, rect area width:height:, (floor space|size of field|area of rectangle):(by|times|and):',
      sayNew: '(field size|room size|tile area):(by|and):',
      note: [
        'the area of (a|the) rectangle',
        'width times height',
        '(give|return|answer) the area',
        'how large a rectangle with these sides is',
        'the area of a rectangle',
        'how large a field of these sides is',
      ],
      noteNew: [
        'space covered by two sides',
        'should answer the surface of a field',
        'length multiplied by breadth',
      ],
      purpose: 'a times b',
      body: ['return a * b;'],
      vague: true,
    },
    {
      id: 'perim',
      args: 'nn',
      say: '(perimeter|perimeter of|rectangle perimeter|outline|fence|border length|around):(by|and|with|width|height):, (way around|length of fence|around rectangle):(by|and):',
      sayNew: '(circumference of|fence length|rim):(by|and):',
      note: [
        'the perimeter of (a|the) rectangle',
        'the way around a rectangle',
        '(give|return|answer) the perimeter',
        'twice the sum of both sides',
        'two times both sides',
      ],
      noteNew: [
        'how long the fence must be',
        'should answer the length of all four sides',
        'walk once around the field',
      ],
      purpose: 'perimeter of a by b',
      body: ['return 2 * (a + b);'],
    },
    {
      id: 'circle',
      args: 'n',
      say: '(circle area|area of circle|disc area|circle|circle surface|area of radius|round area):, (area of disc|size of circle|circle space|round area|disk area|pi r squared|area for radius|circle with radius):',
      sayNew: '(disk size|pizza area|get circle area):',
      note: [
        'the area of a circle (with that radius|)',
        'pi times the radius squared',
        '(give|return|answer) the circle area',
        'how large a circle is',
        'how large a disc with that radius is',
        'the surface of a circle',
      ],
      noteNew: [
        'space on a round table',
        'should answer the surface of a disc',
        'radius to the area of its circle',
      ],
      purpose: 'area of a circle with radius a',
      body: ['return Math.PI * a * a;'],
    },
  ],
}
